import { type Bytes, fromHex, hourMs, minuteMs } from '../../src/base/index.ts';
import { writeAuthorityKeyId, writeExtension } from '../../src/pki/certificate/index.ts';
import { context, contextConstructed, tag } from '../../src/pki/der/der-tag.ts';
import { writeTime } from '../../src/pki/der/der-time.ts';
import { type DerWriter, writeDer } from '../../src/pki/der/der-writer.ts';
import { crlOids, extensionOids, type Name, parseCertificate } from '../../src/pki/index.ts';
import { signerOf, writeSigned } from '../../src/pki/key/signing.ts';
import { writeGeneralNames } from '../../src/pki/name/general-name.ts';
import { writeName } from '../../src/pki/name/name.ts';
import type { Holder } from './sample-certificates.ts';

/** What a list says that is like no list of ours. */
export interface CrlOrder {
  readonly signer: Holder;
  /** 1: nothing has extensions. */
  readonly version?: 1;
  readonly thisUpdate?: Date;
  readonly nextUpdate?: Date | 'none';
  /** 2 unless said. */
  readonly number?: number | 'none';
  readonly numberIsCritical?: true;
  /** For a list of changes: the number of the list that they are to. */
  readonly base?: number;
  readonly distribution?: Distribution;
  readonly lines?: readonly Line[];
  /** An extension nobody knows. */
  readonly unknown?: 'list' | 'line';
}

export interface Distribution {
  readonly url?: string;
  readonly only?: 'users' | 'authorities' | 'attributes';
  /** The octets of the bits in hexadecimal, with that of unused ones before them: `0540` is keyCompromise alone. */
  readonly reasons?: string;
  readonly indirect?: true;
}

export interface Line {
  readonly revoked: Holder;
  readonly reason?: number;
  /** Said of the line when it is another than that of the one before. */
  readonly issuer?: Name;
}

/** The DER of a list, signed. */
export function madeCrl(order: CrlOrder): Bytes {
  const signer = signerOf(order.signer.keys.privateKey);
  return writeDer((writer) =>
    writeSigned(writer, signer, () =>
      writer.inside(tag.sequence, () => {
        if (order.version !== 1) writer.smallInteger(1);
        writer.element(signer.algorithm);
        writeName(writer, order.signer.subject);
        writeTime(writer, order.thisUpdate ?? new Date(Date.now() - minuteMs));
        if (order.nextUpdate !== 'none') writeTime(writer, order.nextUpdate ?? new Date(Date.now() + hourMs));
        writeLines(writer, order);
        if (order.version !== 1)
          writer.inside(contextConstructed(0), () =>
            writer.inside(tag.sequence, () => writeExtensions(writer, order)),
          );
      }),
    ),
  );
}

const unknownOid = '1.2.3.4';

function writeLines(writer: DerWriter, { lines = [], unknown }: CrlOrder): void {
  if (lines.length === 0) return;
  writer.inside(tag.sequence, () => {
    for (const { revoked, reason, issuer } of lines) {
      writer.inside(tag.sequence, () => {
        writer.unsignedInteger(fromHex(parseCertificate(revoked.der).serial));
        writeTime(writer, new Date(Date.now() - minuteMs));
        if (reason === undefined && issuer === undefined && unknown !== 'line') return;
        writer.inside(tag.sequence, () => {
          if (reason !== undefined)
            writeExtension(writer, crlOids.reasonCode, false, () =>
              writer.smallInteger(reason, tag.enumerated),
            );
          if (issuer !== undefined)
            writeExtension(writer, crlOids.certificateIssuer, true, () =>
              writeGeneralNames(writer, [{ kind: 'directory', value: issuer }]),
            );
          if (unknown === 'line') writeExtension(writer, unknownOid, true, () => writer.null());
        });
      });
    }
  });
}

function writeExtensions(writer: DerWriter, order: CrlOrder): void {
  const { number = 2, numberIsCritical = false, base, distribution, signer, unknown } = order;
  const { subjectKeyId } = parseCertificate(signer.der).extensions;
  if (subjectKeyId !== undefined)
    writeExtension(writer, extensionOids.authorityKeyId, false, () =>
      writeAuthorityKeyId(writer, subjectKeyId),
    );
  if (number !== 'none')
    writeExtension(writer, crlOids.crlNumber, numberIsCritical, () => writer.smallInteger(number));
  if (base !== undefined)
    writeExtension(writer, crlOids.deltaCrlIndicator, true, () => writer.smallInteger(base));
  if (distribution !== undefined)
    writeExtension(writer, crlOids.issuingDistributionPoint, true, () =>
      writeDistribution(writer, distribution),
    );
  if (unknown === 'list') writeExtension(writer, unknownOid, true, () => writer.null());
}

const onlyTag = { users: 1, authorities: 2, attributes: 5 } as const;

function writeDistribution(writer: DerWriter, { url, only, reasons, indirect }: Distribution): void {
  const yes = Uint8Array.of(0xff);
  writer.inside(tag.sequence, () => {
    if (url !== undefined)
      writer.inside(contextConstructed(0), () =>
        writeGeneralNames(writer, [{ kind: 'uri', value: url }], contextConstructed(0)),
      );
    if (only !== undefined && only !== 'attributes') writer.content(context(onlyTag[only]), yes);
    if (reasons !== undefined) writer.content(context(3), fromHex(reasons));
    if (indirect === true) writer.content(context(4), yes);
    if (only === 'attributes') writer.content(context(onlyTag.attributes), yes);
  });
}
