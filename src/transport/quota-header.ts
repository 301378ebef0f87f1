/** How much a client has stored at a server, and may; bytes. */
export interface QuotaState {
  readonly usedBytes: number;
  /** Undefined where nothing limits it. */
  readonly quotaBytes: number | undefined;
}

/** The header in which a server tells a client what it has stored, and its quota, with every answer from its first upload on. */
export const quotaHeader = 'holdfast-quota';

/** Its value: `used=950; quota=1000`, or `quota=none`. */
export function formatQuota({ usedBytes, quotaBytes }: QuotaState): string {
  return `used=${usedBytes}; quota=${quotaBytes ?? 'none'}`;
}

/** What such a header says; undefined for anything else. */
export function readQuota(value: unknown): QuotaState | undefined {
  const [, used, quota] = /^used=(\d{1,16}); quota=(\d{1,16}|none)$/.exec(String(value)) ?? [];
  if (used === undefined || quota === undefined) return undefined;
  return { usedBytes: Number(used), quotaBytes: quota === 'none' ? undefined : Number(quota) };
}

/** From so much of its quota on somebody has to do something. */
const littleFrom = 0.9;

/** Whether little is left of a quota. */
export function isQuotaLow({ usedBytes, quotaBytes }: QuotaState): boolean {
  return quotaBytes !== undefined && usedBytes >= quotaBytes * littleFrom;
}
