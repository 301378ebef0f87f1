import { pathText } from '../../files/index.ts';
import type { View } from '../tree/open-view.ts';
import type { ViewEntry } from '../tree/view.ts';
import { encodeName, isShown } from './find-resource.ts';

/** Bytes of a file's content, 0 of all else. */
export function sizeOf(view: View, { node }: ViewEntry): number {
  return node.type === 'file' ? view.content.sizeOf(node) : 0;
}

/** What tells one content from another: number, time and size. */
export function entityTag(view: View, entry: ViewEntry): string {
  return `"${entry.inode.toString(36)}-${entry.node.mtimeNs.toString(36)}-${sizeOf(view, entry).toString(36)}"`;
}

/** When a file was changed, as HTTP writes it; no later and no earlier than that can be said. */
export function lastModified({ node }: ViewEntry): string {
  const ms = Number(node.mtimeNs / 1_000_000n);
  return new Date(Math.min(Math.max(ms, 0), 253_402_300_799_000)).toUTCString();
}

/** The answer to PROPFIND (RFC 4918, section 9.1), in pieces: the resource itself, and what is in it where that was asked for. */
export function* propertyPages(
  view: View,
  href: string,
  self: ViewEntry,
  inside: Iterable<ViewEntry>,
): Generator<string, void, undefined> {
  yield '<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:">\n';
  yield response(view, href, self);
  for (const entry of inside) {
    if (!isShown(entry)) continue;
    const end = entry.open === undefined ? '' : '/';
    yield response(view, `${href}${encodeName(entry.name)}${end}`, entry);
  }
  yield '</D:multistatus>\n';
}

function response(view: View, href: string, entry: ViewEntry): string {
  const type =
    entry.open === undefined ? '<D:resourcetype/>' : '<D:resourcetype><D:collection/></D:resourcetype>';
  const ofFile =
    entry.open === undefined
      ? `<D:getcontentlength>${sizeOf(view, entry)}</D:getcontentlength><D:getcontenttype>${contentType}</D:getcontenttype><D:getetag>${escaped(entityTag(view, entry))}</D:getetag>`
      : '';
  const properties = `${type}<D:getlastmodified>${lastModified(entry)}</D:getlastmodified>${ofFile}`;
  return `<D:response><D:href>${escaped(href)}</D:href><D:propstat><D:prop>${properties}</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>\n`;
}

/** No browser makes anything of a saved file but a download. */
export const contentType = 'application/octet-stream';

/** A folder for browsers, in pieces. */
export function* folderPages(
  view: View,
  path: string,
  inside: Iterable<ViewEntry>,
): Generator<string, void, undefined> {
  yield `<!doctype html><meta charset="utf-8"><title>${escaped(path)}</title><style>${style}</style><h1>${escaped(path)}</h1><table>\n`;
  if (path !== '/') yield '<tr><td><a href="../">..</a><td><td>\n';
  for (const entry of inside) yield row(view, entry);
  yield '</table>\n';
}

const style =
  'body{font:15px/1.5 system-ui,sans-serif;margin:2rem}td{padding:0 2rem 0 0}td+td{text-align:right;color:#666}';

function row(view: View, entry: ViewEntry): string {
  const end = entry.open === undefined ? '' : '/';
  const name = escaped(pathText(entry.name).toWellFormed() + end);
  const link = isShown(entry)
    ? `<a href="./${encodeName(entry.name)}${end}">${name}</a>`
    : `${name} (${entry.node.type})`;
  const size = entry.node.type === 'file' ? String(sizeOf(view, entry)) : '';
  return `<tr><td>${link}<td>${size}<td>${lastModified(entry)}\n`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

// oxlint-disable-next-line no-control-regex -- those that XML forbids
const forbidden = /[\0-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/** As HTML and XML take it; what XML cannot have at all is shown as `?`. */
function escaped(text: string): string {
  return text.replaceAll(forbidden, '?').replaceAll(/[&<>"']/g, (one) => entities[one] ?? one);
}
