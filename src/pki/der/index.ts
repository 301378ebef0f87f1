/**
 * Bytes as X.690 has them: read strictly, written, and brought from BER; and PEM around them (RFC 7468).
 */
export { derFromBer } from './ber-to-der.ts';
export { DerReader, type ReadingForm, readDer } from './der-reader.ts';
export {
  foreignText,
  isPrintable,
  peekString,
  readString,
  type StringEncoding,
  writeString,
} from './der-string.ts';
export { context, contextConstructed, reading, tag } from './der-tag.ts';
export { readGeneralizedTime, readTime, writeGeneralizedTime, writeTime } from './der-time.ts';
export { DerWriter, elementBytes, writeDer } from './der-writer.ts';
export { describeOid, type ObjectIdentifier, oidName, registerOids } from './object-identifier.ts';
export {
  bytesFromBase64,
  certificatePem,
  certificatesFromPem,
  crlPem,
  looksLikeDer,
  parsePem,
  pemText,
  privateKeyPem,
  requestPem,
} from './pem.ts';
