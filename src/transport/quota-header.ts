/** How much a client has stored at a server, and may; bytes. */
export interface QuotaState {
  readonly usedBytes: number;
  readonly quotaBytes: number;
}

/** The header in which a server tells a client of its quota, with every answer while little is left of it. */
export const quotaHeader = 'holdfast-quota';

/** Its value: `used=950; quota=1000`. */
export function formatQuota({ usedBytes, quotaBytes }: QuotaState): string {
  return `used=${usedBytes}; quota=${quotaBytes}`;
}

/** What such a header says; undefined for anything else. */
export function readQuota(value: unknown): QuotaState | undefined {
  const [, used, quota] = /^used=(\d{1,16}); quota=(\d{1,16})$/.exec(String(value)) ?? [];
  if (used === undefined || quota === undefined) return undefined;
  return { usedBytes: Number(used), quotaBytes: Number(quota) };
}
