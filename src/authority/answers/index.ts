/**
 * What an authority answers in the messages of the network: from a message's text to what is decided, and back.
 */
export {
  answerEscrow,
  answerEscrowPage,
  answerJoin,
  answerRenew,
  answerTrust,
  refusalOf,
} from './answer-node.ts';
export { answerFollowing, answerSubmission, type Submission, withEnrolment } from './answer-request.ts';
