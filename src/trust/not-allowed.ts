import { HoldfastError } from '../base/index.ts';
import { type Certificate, formatName, type Name } from '../pki/index.ts';

/** So much of a name is shown: a stranger's name is as long as he likes, and stands in our log. */
const maxShown = 200;

/** How messages name a certificate: by its subject, or by its serial number when it has none. */
export function certificateLabel({ subject, serial }: Certificate): string {
  return subject.length > 0 ? `certificate ${nameLabel(subject)}` : `certificate number ${serial}`;
}

/** A name for messages, cut where it is very long. */
export function nameLabel(name: Name): string {
  const text = formatName(name);
  return text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
}

/** The error for a certificate that breaks a rule; `problem` goes on after its name. */
export function notAllowed(certificate: Certificate, problem: string, cause?: unknown): HoldfastError {
  return new HoldfastError('certificate_not_allowed', `${certificateLabel(certificate)} ${problem}`, {
    cause,
  });
}
