// What one instance needs. docs/scaling.md says on what machine, and where each figure comes from.

import type { Figures } from './plan.js'

export const FIGURES: Figures = {
  pollUs: 37,
  deliveryUs: 23,
  sendUs: 35,
  pollBytes: 6.5 * 1024,
  baseBytes: 64 * 1024 * 1024,
}
