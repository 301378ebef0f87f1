/** The units that a size is typed in: those of 1000, and those of 1024, which may be said by their letter alone. */
const units: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  TB: 1000 ** 4,
  K: 1024,
  KiB: 1024,
  M: 1024 ** 2,
  MiB: 1024 ** 2,
  G: 1024 ** 3,
  GiB: 1024 ** 3,
  T: 1024 ** 4,
  TiB: 1024 ** 4,
};

/** What {@link parseSize} takes, for people. */
export const sizeForm = 'a whole number and B, kB, MB, GB, TB or KiB, MiB, GiB, TiB, such as 500GB';

/** Reads the bytes that somebody typed as `500GB`, `64MiB` or `10G` (of 1024); undefined for anything else. */
export function parseSize(text: string): number | undefined {
  const [, number, name = 'B'] = /^(\d{1,15}) ?([A-Za-z]{1,3})?$/.exec(text) ?? [];
  const unit = Object.hasOwn(units, name) ? units[name] : undefined;
  const bytes = Number(number) * (unit ?? Number.NaN);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Writes bytes as {@link parseSize} reads them, in the largest unit that has them whole: `500GB`, `64MiB`, `1001B`. */
export function formatSize(bytes: number): string {
  const whole = Object.entries(units).filter(
    ([name, unit]) => name.length > 1 && bytes > 0 && bytes % unit === 0,
  );
  const [name, unit] = whole.toSorted(([, a], [, b]) => b - a)[0] ?? ['B', 1];
  return `${bytes / unit}${name}`;
}
