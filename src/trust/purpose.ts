/** What a certificate is used for in a connection: the side that is called, or the one that calls. */
export type Purpose = 'serverAuth' | 'clientAuth';
