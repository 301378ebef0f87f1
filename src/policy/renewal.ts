/** What a certificate is renewed by: its span of validity and its serial number in hexadecimal. */
export interface Renewable {
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly serial: string;
}

const meanShare = 2 / 3;
const spread = 0.05;
const digitsUsed = 8;

/**
 * When a certificate is to be renewed: around two thirds of its life, which leaves a third of it to get through outages.
 * Each has its own moment, up to a twentieth of the life before or after, taken from its random serial number: machines
 * that joined in one hour do not all come back in one, and one that asks again gets the same answer.
 */
export function renewalTime({ notBefore, notAfter, serial }: Renewable): Date {
  const share = meanShare + (fractionOf(serial) * 2 - 1) * spread;
  return new Date(notBefore.getTime() + (notAfter.getTime() - notBefore.getTime()) * share);
}

/** Whether a certificate is past its {@link renewalTime} at `nowMs`, milliseconds since 1970. */
export function needsRenewal(certificate: Renewable, nowMs: number): boolean {
  return nowMs >= renewalTime(certificate).getTime();
}

/** 0 up to 1, by the last digits. */
function fractionOf(serial: string): number {
  return Number.parseInt(serial.slice(-digitsUsed).padStart(digitsUsed, '0'), 16) / 16 ** digitsUsed;
}
