/** A certificate's span of validity. */
export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** When a certificate is to be renewed: at two thirds of its life, which leaves a third of it to get through outages. */
export function renewalTime({ notBefore, notAfter }: Validity): Date {
  return new Date(notBefore.getTime() + ((notAfter.getTime() - notBefore.getTime()) * 2) / 3);
}

/** Whether a certificate is past two thirds of its life at `nowMs`, milliseconds since 1970. */
export function needsRenewal(validity: Validity, nowMs: number): boolean {
  return nowMs >= renewalTime(validity).getTime();
}
