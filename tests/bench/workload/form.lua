-- GET of the form, then POST of what was filled in, with the hidden key the form carried.
-- Run with as many threads as connections, so that each thread is one person.
local answers = require("answers")
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init()
  answers.seed(number)
  key = nil
  headers = { ["Content-Type"] = "application/x-www-form-urlencoded" }
end

function request()
  if key == nil then return wrk.format("GET") end
  local drawn = answers.draw()
  local body = string.format(
    "_key=%s&recommend=%d&satisfaction=%d&effort=%d&reason=%s&comment=%s&_go=next",
    key, drawn.recommend, drawn.satisfaction, drawn.effort, drawn.reason,
    answers.escaped(drawn.comment))
  return wrk.format("POST", nil, headers, body)
end

function response(status, _, body)
  if key == nil and status == 200 then
    key = body:match('name="_key" value="([^"]+)"')
  else
    key = nil
  end
end

function done(summary, latency)
  io.write(string.format(
    '{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"errors":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    summary.errors.connect + summary.errors.read + summary.errors.write
      + summary.errors.status + summary.errors.timeout))
end
