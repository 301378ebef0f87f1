/** How a person turns a file that is not read here into one that is, with all of its keys: openssl keeps one of them. */
export const rewritingPkcs12 =
  'keytool -importkeystore -srckeystore OLD -destkeystore NEW -deststoretype pkcs12';
