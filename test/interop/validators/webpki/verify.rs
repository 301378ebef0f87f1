//! Judges the chains of a list as rustls-webpki does, each line by itself.

use pki_types::{pem::PemObject, CertificateDer, ServerName, UnixTime};
use std::{env, error::Error, fs};
use webpki::{anchor_from_trusted_cert, EndEntityCert, KeyUsage, ALL_VERIFICATION_ALGS};

fn main() -> Result<(), Box<dyn Error>> {
    let list = env::args().nth(1).ok_or("no list")?;
    for line in fs::read_to_string(list)?.lines() {
        match judge(&line.split('\t').collect::<Vec<_>>()) {
            Ok(()) => println!("ok"),
            Err(problem) => println!("refused {problem:?}"),
        }
    }
    Ok(())
}

fn judge(task: &[&str]) -> Result<(), Box<dyn Error>> {
    let [usage, root, issuing, leaf, host] = task else { return Err("not a task".into()) };
    let (root, issuing, leaf) = (read(root)?, [read(issuing)?], read(leaf)?);
    let anchors = [anchor_from_trusted_cert(&root)?];
    let leaf = EndEntityCert::try_from(&leaf)?;
    let purpose = if *usage == "server" { KeyUsage::server_auth() } else { KeyUsage::client_auth() };
    leaf.verify_for_usage(ALL_VERIFICATION_ALGS, &anchors, &issuing, UnixTime::now(), purpose, None, None)?;
    if *usage == "server" {
        leaf.verify_is_valid_for_subject_name(&ServerName::try_from(*host)?)?;
    }
    Ok(())
}

fn read(path: &str) -> Result<CertificateDer<'static>, Box<dyn Error>> {
    Ok(CertificateDer::from_pem_file(path)?)
}
