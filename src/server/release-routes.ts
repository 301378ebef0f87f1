import { HoldfastError } from '../base/index.ts';
import { releasePaths, SignedRelease } from '../enrol/index.ts';
import { fileReply, jsonReply } from './reply.ts';
import type { Route } from './route.ts';

/** What machines are offered to run: signed, so that it is the same over a line that protects nothing. */
export const releaseRoutes: readonly Route[] = [
  {
    method: 'GET',
    head: true,
    path: releasePaths.manifest,
    service: 'status',
    evidence: true,
    access: 'anybody',
    does: 'The newest release that machines are offered, signed: version, files, their sizes and SHA-256.',
    answer: SignedRelease,
    async handle({ authority }) {
      const signed = await authority.releases.signed();
      if (signed === undefined) throw new HoldfastError('object_not_found', 'no release was published');
      return jsonReply(signed, { headers: { 'cache-control': 'no-cache' } });
    },
  },
  {
    method: 'GET',
    head: true,
    path: releasePaths.file(':version', ':file'),
    service: 'status',
    evidence: true,
    access: 'anybody',
    does: 'A file of a release, or the part of it that a `Range` header asks for.',
    async handle({ authority, downloads }, { params: { version = '', file = '' }, request }) {
      const kept = await authority.releases.file(version, file);
      if (kept === undefined) throw new HoldfastError('object_not_found', 'there is no such file');
      const done = downloads.begin(request.socket.remoteAddress ?? '');
      try {
        const headers = { etag: `"${kept.sha256}"`, 'cache-control': 'public, max-age=86400, immutable' };
        return fileReply(kept, { range: request.headers.range, done, headers });
      } catch (error) {
        done();
        throw error;
      }
    },
  },
];
