-- POST of one response as JSON. Arguments: API token, survey id, a word that makes keys unique.
local answers = require("answers")
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(arguments)
  answers.seed(number)
  survey, run, count = arguments[2], arguments[3], 0
  headers = {
    ["Content-Type"] = "application/json",
    ["Authorization"] = "Bearer " .. arguments[1],
  }
end

function request()
  count = count + 1
  local drawn = answers.draw()
  local key = string.format("%s-%d-%d", run, number, count)
  local body = string.format(
    '{"survey_id":"%s","key":"%s","answers":{"recommend":%d,"satisfaction":%d,"effort":%d,"reason":"%s","comment":"%s"}}',
    survey, key, drawn.recommend, drawn.satisfaction, drawn.effort, drawn.reason, drawn.comment)
  return wrk.format("POST", nil, headers, body)
end

function response(status)
  if status ~= 201 then refused = (refused or 0) + 1 end
end

function done(summary, latency)
  io.write(string.format(
    '{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"errors":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    summary.errors.connect + summary.errors.read + summary.errors.write
      + summary.errors.status + summary.errors.timeout))
end
