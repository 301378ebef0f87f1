import type { IncomingMessage } from 'node:http';
import { HoldfastError } from '../base/index.ts';

/** What the address of a request says behind `?`. @throws HoldfastError `input_invalid` for what is said twice */
export function queryOf({
  url = '',
}: Pick<IncomingMessage, 'url'>): Readonly<Record<string, string | undefined>> {
  const at = url.indexOf('?');
  const said = [...new URLSearchParams(at < 0 ? '' : url.slice(at + 1))];
  const query = Object.fromEntries(said);
  if (Object.keys(query).length === said.length) return query;
  throw new HoldfastError('input_invalid', 'the query of the address says something twice');
}
