/** A URL as the log may have it: the handle of a request, which is a secret of whoever follows it, is left out. */
export function loggedUrl(url: string): string {
  const [path = ''] = url.split('?', 1);
  return path.replaceAll(/(?<=\/requests\/)[^/]+/g, '[redacted]');
}
