-- wrk's side of load.ts: with a file of bodies, one a line, it posts them in turn; the figures go out as
-- one line of JSON.
local requests = {}
local turn = 0

function init(args)
  if args[1] == nil then return end
  local headers = { ["content-type"] = "application/json" }
  for body in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("POST", nil, headers, body)
  end
  request = function()
    turn = turn % #requests + 1
    return requests[turn]
  end
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '\nfigures {"requests":%d,"seconds":%f,"p99Ms":%f,"lost":%d,"refused":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.timeout, errors.status
  ))
end
