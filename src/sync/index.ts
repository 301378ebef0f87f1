/**
 * What networks do with each other: a site is another network as this one sees it, a link the trust between two, made by files or
 * by a code of four words.
 *
 * What the folder promises: a link's certificates are of its own root, which is of no use in a network and by which nothing of a
 * network's authority can speak; who is at the other end is asked on every request, and is the site whose very certificate was
 * agreed on; what a site says of itself is signed, numbered, and followed forwards alone; private keys stay on their machine.
 */
export { formatPairingCode, parsePairingCode } from './pairing/index.ts';
export { dialSite } from './sites/dial-site.ts';
export { checkVersion, LinkDesk, linkHello } from './sites/link-desk.ts';
export { type LinkStep, linkPath } from './sites/link-messages.ts';
export { type LinkPeer, linkPeerOf } from './sites/link-peer.ts';
export { linkConcerns } from './sites/link-standing.ts';
export { Links, type Partner } from './sites/links.ts';
export { pairWith } from './sites/pair-with.ts';
export { closePairing, openPairing, PairingDesk } from './sites/pairing-desk.ts';
export { regenerateSite } from './sites/regenerate-site.ts';
export { checkNotServed } from './sites/served-folder.ts';
export { isAddress } from './sites/site-bundle.ts';
export { privateFiles, publicFiles, readSiteFiles } from './sites/site-files.ts';
export { type SiteTest, testSite } from './sites/test-site.ts';
export { type Trusted, trustPartner } from './sites/trust-partner.ts';
