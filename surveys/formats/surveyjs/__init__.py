"""SurveyJS definitions, in and out."""

from surveys.formats.surveyjs.reading import read_surveyjs as read_surveyjs
