/**
 * Snapshots as files and folders that other programs read: `tree/` is what they look like, whoever looks; `fuse/` shows it as a file
 * system of this machine, `web-dav/` to browsers and WebDAV programs of this machine alone. Nothing is written, here or there.
 */

export { checkMountPoint } from './fuse/mount-point.ts';
export { serveFuse } from './fuse/serve-fuse.ts';
export { openView } from './tree/open-view.ts';
export { serveWebDav } from './web-dav/serve-web-dav.ts';
