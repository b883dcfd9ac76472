"""LimeSurvey's ExpressionScript: read, and written as logic of ours."""
