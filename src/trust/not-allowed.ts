import { HoldfastError } from '../base/index.ts';
import { type Certificate, formatName } from '../pki/index.ts';

/** How messages name a certificate: by its subject, or by its serial number when it has none. */
export function certificateLabel({ subject, serial }: Certificate): string {
  return subject.length > 0 ? `certificate ${formatName(subject)}` : `certificate number ${serial}`;
}

/** The error for a certificate that breaks a rule; `problem` goes on after its name. */
export function notAllowed(certificate: Certificate, problem: string, cause?: unknown): HoldfastError {
  return new HoldfastError('certificate_not_allowed', `${certificateLabel(certificate)} ${problem}`, {
    cause,
  });
}
