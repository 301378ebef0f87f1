/** A URL as the log may have it: the handle of a request, which is a secret of whoever follows it, is left out. */
export function loggedUrl(url: string): string {
  return url.replaceAll(/(?<=\/requests\/)[^/?]+/g, '[redacted]').replace(/\?.*$/s, '');
}
