/**
 * What an authority answers in the messages of the network: from a message's text to what is decided, and back.
 */
export {
  answerEscrow,
  answerEscrowPage,
  answerFollowing,
  answerJoin,
  answerRenew,
  answerSubmission,
  answerTrust,
  refusalOf,
  type Submission,
  withEnrolment,
} from './answer-node.ts';
