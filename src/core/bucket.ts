// What is kept of a limit: one number, the time at which its bucket is full again (see people/limits.ts).

export type Bucket = { fullAt: number }

export function fullBucket(): Bucket {
  return { fullAt: -Infinity }
}
