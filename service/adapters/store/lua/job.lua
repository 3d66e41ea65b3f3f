-- KEYS[1]: the document, KEYS[2]: the rounds.
return { redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[2]) }
