// A bucket of a rate limit is one number: the time at which it is full again (see people/limits.ts).

export type Bucket = { fullAt: number }

export function fullBucket(): Bucket {
  return { fullAt: -Infinity }
}
