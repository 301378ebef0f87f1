/**
 * Notices: who is told when something needs attention, and when it is good again, by which channel.
 *
 * What the folder promises: one notice for each change of state, and one when it is good again, over restarts; what cannot be delivered
 * waits, bounded, and is said; nothing of a secret is in what is kept in plain, shown or sent.
 */
export {
  type Channel,
  type ChannelTarget,
  changeChannels,
  channelSecret,
  checkChannel,
  forgetSecret,
  keepSecret,
  readChannels,
} from './channels.ts';
export { deliver } from './deliver/deliver.ts';
export { pingRun } from './deliver/ping.ts';
export { type Concern, type Waiting, waitingNotices } from './notices.ts';
export { Notifier } from './notifier.ts';
