/** Slots of an index by pack: `slots[starts[n]]` up to `slots[starts[n + 1] - 1]` are those of pack n, by offset. */
export interface SlotsByPack {
  readonly slots: Uint32Array;
  readonly starts: Uint32Array;
}

/** What is asked of each slot. */
export interface SlotPlaces {
  readonly size: number;
  readonly packCount: number;
  packNumberAt(slot: number): number;
  offsetAt(slot: number): number;
}

/** Groups the slots of an index by pack (a counting sort), and those of each pack by offset. */
export function groupByPack(places: SlotPlaces): SlotsByPack {
  const { size, packCount } = places;
  const starts = new Uint32Array(packCount + 1);
  for (let slot = 0; slot < size; slot++) increase(starts, places.packNumberAt(slot) + 1, 1);
  for (let number = 0; number < packCount; number++) increase(starts, number + 1, starts[number] ?? 0);
  const next = starts.slice();
  const slots = new Uint32Array(size);
  for (let slot = 0; slot < size; slot++) {
    const number = places.packNumberAt(slot);
    slots[next[number] ?? 0] = slot;
    increase(next, number, 1);
  }
  for (let number = 0; number < packCount; number++) {
    slots
      .subarray(starts[number], starts[number + 1])
      .sort((a, b) => places.offsetAt(a) - places.offsetAt(b));
  }
  return { slots, starts };
}

function increase(counts: Uint32Array, at: number, by: number): void {
  counts[at] = (counts[at] ?? 0) + by;
}
