import { type Bytes, HoldfastError, programVersion } from '../../base/index.ts';
import { askHttp, isHttpSuccess, receiveText, transportError } from '../../transport/index.ts';

interface Post {
  readonly body: Bytes;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** What is read of an answer, which nobody looks at. */
const maxAnswerBytes = 64 * 1024;

/** Posts something to an address; follows no redirection. @throws HoldfastError `notice_undelivered` for any status but success, `host_*`, `connection_*`, `tls_*` */
export async function post(address: string, { body, headers, signal }: Post): Promise<void> {
  const url = new URL(address);
  try {
    const answer = await askHttp({
      method: 'POST',
      url,
      headers: { 'user-agent': `holdfast/${programVersion()}`, ...headers },
      body: { chunks: [body], size: body.length },
      agent: false,
      signal,
    });
    await receiveText(answer, maxAnswerBytes);
    if (isHttpSuccess(answer)) return;
    throw new HoldfastError('notice_undelivered', `${url.host} answered ${answer.status}`);
  } catch (error) {
    throw transportError(error, url.host);
  }
}
