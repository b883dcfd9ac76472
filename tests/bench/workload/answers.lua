-- Five answers of the workload, the comment always 80 characters long.
local comments = {
  "Support was friendly and quick, but the invoice was wrong again and nobody knew.",
  "I waited forty minutes on the phone, terrible service. Please hire more of them.",
  "Great product, very happy with the new release! Setup took less than one minute.",
  "The engineer came on Tuesday and replaced the router. It works as it did before.",
}
local reasons = { "order", "invoice", "fault", "contract" }

local answers = {}

function answers.seed(number)
  math.randomseed(os.time() + number * 7919)
  for _ = 1, 5 do math.random() end
end

function answers.draw()
  return {
    recommend = math.random(0, 10),
    satisfaction = math.random(1, 5),
    effort = math.random(1, 7),
    reason = reasons[math.random(#reasons)],
    comment = comments[math.random(#comments)],
  }
end

function answers.escaped(text)
  return (text:gsub("[^%w%.%-_ ]", function(c) return string.format("%%%02X", c:byte()) end)
    :gsub(" ", "+"))
end

return answers
