-- KEYS: when the tenant's bucket of requests, and that of tokens, will be full again, in ms.
-- ARGV: both limits a minute ('' for none), the tokens wanted, and how long the tenant would wait, in ms.
-- Returns whether it is granted, the wait, and how far each bucket is from full (-1 for none), in ms.
local now = now_ms()
local amounts = { 1, tonumber(ARGV[3]) }
local after, wait = {}, 0
for number = 1, 2 do
  if ARGV[number] ~= '' then
    after[number] = after_taking(KEYS[number], ARGV[number], amounts[number], now)
    wait = math.max(wait, after[number] - now - MINUTE_MS)
  end
end
local granted = wait <= tonumber(ARGV[4]) + 0.001
local reset = { -1, -1 }
for number = 1, 2 do
  if after[number] then
    if granted then
      fill_at(KEYS[number], after[number], now)
    end
    reset[number] = math.max(0, tonumber(redis.call('GET', KEYS[number]) or now) - now)
  end
end
return { granted and 1 or 0, math.ceil(wait), math.ceil(reset[1]), math.ceil(reset[2]) }
