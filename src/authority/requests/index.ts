/**
 * Requests that wait for a person: handed in, looked at, decided, collected.
 */
export { expireRequests, removeOldRequests, type Submitted } from './keep-request.ts';
export { type FollowedRequest, type RequestDetails, type RequestRecord, Requests } from './requests.ts';
