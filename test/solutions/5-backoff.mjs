// A solution of exercise 5.

const FLOOR_MS = 250
const BASE_MS = 500
const MOST_MS = 20_000

export function pauseMs(failures, random) {
  const longest = Math.min(MOST_MS, BASE_MS * 2 ** (failures - 1))
  return FLOOR_MS + (longest - FLOOR_MS) * random()
}
