-- What the scripts share. Time is the server's own: gateways need not agree about the clock.
-- Keys of a job: KEYS[1] its document, KEYS[2] its log, KEYS[3] its rounds, KEYS[4] the jobs not yet finished,
-- scored by when each may be taken (ms), 0 for one that was given back, and for one that has not begun by its
-- turn, which is far below any time. KEYS[4]:turns has each tenant's latest turn, and `now` whose turn it is;
-- KEYS[4]:tenants how many unfinished jobs each has. Both go when nothing waits.
local FIRST_MS = 1000000000000

local function turns(open)
  return open .. ':turns'
end

local function next_turn(open, tenant)
  local now, last = unpack(redis.call('HMGET', turns(open), 'now', 'of ' .. tenant))
  local turn = math.max(tonumber(now or 0), tonumber(last or 0)) + 1
  redis.call('HSET', turns(open), 'of ' .. tenant, turn)
  return turn
end

local function count(open, tenant, change)
  local left = redis.call('HINCRBY', open .. ':tenants', tenant, change)
  if left <= 0 then
    redis.call('HDEL', open .. ':tenants', tenant)
  end
end

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function is_final(status)
  return status ~= 'queued' and status ~= 'in_progress'
end

local function append(sequence, event, data, kept)
  redis.call('XADD', KEYS[2], sequence .. '-0', 'event', event, 'data', data)
  redis.call('HSET', KEYS[1], 'last', sequence)
  local surplus = redis.call('XLEN', KEYS[2]) - kept
  if surplus > 0 then
    local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', surplus)
    redis.call('HSET', KEYS[1], 'trimmed', string.match(oldest[#oldest][1], '^%d+'))
    redis.call('XTRIM', KEYS[2], 'MAXLEN', kept)
  end
end

local function finish(id, status, event, data, kept, ttl_ms)
  local sequence = redis.call('HGET', KEYS[1], 'last') + 1
  append(sequence, event, data, kept)
  redis.call('HSET', KEYS[1], 'status', status, 'end_sequence', sequence, 'end_event', event, 'end_data', data)
  redis.call('ZREM', KEYS[4], id)
  count(KEYS[4], redis.call('HGET', KEYS[1], 'tenant'), -1)
  for number = 1, 3 do
    redis.call('PEXPIRE', KEYS[number], ttl_ms)
  end
end

local function lease(job, open, id, owner, lease_ms)
  redis.call('ZADD', open, now_ms() + lease_ms, id)
  redis.call('HSET', job, 'status', 'in_progress', 'owner', owner)
  return redis.call('HINCRBY', job, 'token', 1)
end

-- Buckets of a minute's worth: all that is kept is when one is full again.
local MINUTE_MS = 60000

local function after_taking(key, limit, amount, now)
  return math.max(tonumber(redis.call('GET', key) or now), now) + amount * MINUTE_MS / limit
end

local function fill_at(key, at, now)
  if at > now then
    redis.call('SET', key, string.format('%.3f', at), 'PX', math.ceil(at - now))
  else
    redis.call('DEL', key)
  end
end
