const pattern = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})$/;

/** Whether `text` is `host:port`, an IPv6 address in brackets. */
export function isEnrolAddress(text: string): boolean {
  const port = Number(pattern.exec(text)?.[1]);
  return port >= 1 && port <= 65535 && URL.canParse(`https://${text}`);
}
