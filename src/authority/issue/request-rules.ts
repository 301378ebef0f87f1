import { HoldfastError } from '../../base/index.ts';
import {
  attributeOids,
  type CertificateRequest,
  equalNames,
  extensionOids,
  formatGeneralName,
  formatName,
} from '../../pki/index.ts';
import { type Authorisation, subjectAltNamesOf, subjectOf } from './authorisation.ts';

/** One rule: what the request has that it may not have, or undefined. */
type Rule = (request: CertificateRequest, authorisation: Authorisation) => string | undefined;

/**
 * What the certificate says was authorised before. So a request may repeat that, or leave it out, and whatever else it
 * asks for is refused by name. @throws HoldfastError `request_not_allowed`
 */
export function checkContents(request: CertificateRequest, authorisation: Authorisation): void {
  for (const rule of rules) {
    const excess = rule(request, authorisation);
    if (excess !== undefined)
      throw requestNotAllowed(`the request asks for ${excess}, which was not authorised`);
  }
}

/** The error for a request that cannot be granted. */
export function requestNotAllowed(message: string): HoldfastError {
  return new HoldfastError('request_not_allowed', message, {
    hint: 'ask for the name of the join code and nothing else',
  });
}

const rules: readonly Rule[] = [noAuthority, noOtherExtensions, noOtherSubject, noOtherNames];

function noAuthority({ extensions }: CertificateRequest): string | undefined {
  return extensions.basicConstraints?.ca === true ? 'an authority (CA flag)' : undefined;
}

/** `CA:FALSE` is what every certificate of a node says. */
function noOtherExtensions({ extensions }: CertificateRequest): string | undefined {
  const allowed: readonly string[] = [extensionOids.subjectAltNames, extensionOids.basicConstraints];
  const excess = [...extensions.all.keys()].find((oid) => !allowed.includes(oid));
  if (excess === undefined) return undefined;
  const name = Object.entries(extensionOids).find(([, oid]) => oid === excess)?.[0];
  return `the extension ${name ?? excess}`;
}

function noOtherSubject({ subject }: CertificateRequest, authorisation: Authorisation): string | undefined {
  const { identity } = authorisation;
  const others = subject
    .flat()
    .filter(({ oid, value }) => oid !== attributeOids.CN || value !== identity.name);
  const authorised = subjectOf(authorisation).flat();
  const excess = others.find((other) => !authorised.some((one) => equalNames([[one]], [[other]])));
  return excess === undefined ? undefined : `the subject ${formatName([[excess]])}`;
}

function noOtherNames({ extensions }: CertificateRequest, authorisation: Authorisation): string | undefined {
  const allowed = new Set(subjectAltNamesOf(authorisation).map(formatGeneralName));
  return extensions.subjectAltNames.map(formatGeneralName).find((name) => !allowed.has(name));
}
