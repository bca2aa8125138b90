// Differences between what two engines say about the same samples.

// Of codes or floats: how many differ by more than `step`, how many at all, and the largest difference.
export class Differences {
  count = 0;
  beyond = 0;
  unequal = 0;
  largest = 0;

  add(ours, theirs, step) {
    if (ours.data.length !== theirs.data.length) throw new Error(`${ours.data.length} values against ${theirs.data.length}`);
    for (let i = 0; i < ours.data.length; ++i) {
      const a = Number(ours.data[i]), b = Number(theirs.data[i]);
      const apart = Object.is(a, b) ? 0 : Math.abs(a - b);
      if (apart !== 0) ++this.unequal;
      if (!(apart <= step)) ++this.beyond;
      if (!(apart <= this.largest)) this.largest = apart;
    }
    this.count += ours.data.length;
    return this;
  }

  merge(other) {
    this.count += other.count;
    this.beyond += other.beyond;
    this.unequal += other.unequal;
    if (!(other.largest <= this.largest)) this.largest = other.largest;
  }

  get within() { return this.count ? 1 - this.beyond / this.count : 1; }
  get equal() { return this.count ? 1 - this.unequal / this.count : 1; }
}

export function largestMagnitude({ data }) {
  let largest = 0;
  for (const value of data) largest = Math.max(largest, Math.abs(value));
  return largest;
}

export function argmax(data, first, count) {
  let best = first;
  for (let i = first + 1; i < first + count; ++i) if (data[i] > data[best]) best = i;
  return best - first;
}

export const percent = (share) => `${(100 * share).toFixed(share === 1 ? 0 : share > 0.9999 ? 5 : 3)} %`;

export function range({ data }) {
  let low = Infinity, high = -Infinity;
  for (const value of data) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return high - low;
}
