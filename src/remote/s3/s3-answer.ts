import { isObjectId, type ObjectId, type ObjectInfo } from '../../storage/index.ts';
import { answerMalformed } from '../../transport/index.ts';

/** One page of a listing. */
export interface ListedPage {
  readonly objects: readonly ObjectInfo[];
  /** Asks for the next page; undefined after the last. */
  readonly next: string | undefined;
}

/** An upload in parts that has begun, and has not ended. */
export interface BegunUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly begunMs: number;
}

/** The text of the first element of that name in a document of S3, where those with a text alone have no attributes; undefined without one. */
export function elementText(xml: string, name: string): string | undefined {
  const [inside] = elements(xml, name);
  return inside === undefined || inside.includes('<') ? undefined : unescapeXml(inside);
}

/** Says by which key an object is stored, to pass over what only ends like one. */
type KeyOf = (name: ObjectId) => string;

/** The objects of a page of ListObjectsV2; keys that are none of an object's are passed over. @throws HoldfastError `answer_malformed` */
export function readListing(xml: string, keyOf: KeyOf, host: string): ListedPage {
  if (!/<ListBucketResult[\s>]/.test(xml))
    throw answerMalformed(host, 'it answers with a listing that is none');
  const objects = elements(xml, 'Contents').flatMap((one) => listedObject(one, keyOf, host));
  if (elementText(xml, 'IsTruncated') !== 'true') return { objects, next: undefined };
  const next = elementText(xml, 'NextContinuationToken');
  if (next === undefined || next === '')
    throw answerMalformed(host, 'its listing goes on, and it does not say where');
  return { objects, next };
}

/** The uploads in parts that have begun, of a page of ListMultipartUploads. */
export function readBegunUploads(xml: string): readonly BegunUpload[] {
  return elements(xml, 'Upload').flatMap((one) => {
    const [key, uploadId, begun] = ['Key', 'UploadId', 'Initiated'].map((name) => elementText(one, name));
    const begunMs = Date.parse(begun ?? '');
    return key === undefined || uploadId === undefined || Number.isNaN(begunMs)
      ? []
      : [{ key, uploadId, begunMs }];
  });
}

/** The list of parts that makes an object of them. */
export function partsXml(etags: readonly string[]): string {
  const parts = etags.map(
    (etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`,
  );
  return `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join('')}</CompleteMultipartUpload>`;
}

function listedObject(xml: string, keyOf: KeyOf, host: string): readonly ObjectInfo[] {
  const key = elementText(xml, 'Key') ?? '';
  const name = key.slice(key.lastIndexOf('/') + 1);
  if (!isObjectId(name) || keyOf(name) !== key) return [];
  const size = Number(elementText(xml, 'Size') ?? Number.NaN);
  if (!Number.isSafeInteger(size) || size < 0)
    throw answerMalformed(host, 'its listing has a size that is none');
  const arrivedMs = Date.parse(elementText(xml, 'LastModified') ?? '');
  return [{ name, size, ...(!Number.isNaN(arrivedMs) && { arrivedMs }) }];
}

/** What is inside each element of that name; none of those that are asked for holds another of its own name. */
function elements(xml: string, name: string): readonly string[] {
  return xml
    .split(`<${name}>`)
    .slice(1)
    .map((one) => one.slice(0, Math.max(0, one.indexOf(`</${name}>`))));
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w{2,4}));/gi, (whole, decimal, hex, name) => {
    const code = Number.parseInt(String(decimal ?? hex ?? ''), decimal === undefined ? 16 : 10);
    if (Number.isNaN(code)) return entities[String(name).toLowerCase()] ?? whole;
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
