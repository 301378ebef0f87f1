// Judges the chains of a list as Go's crypto/x509 does, each line by itself.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"strings"
)

func main() {
	list, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	for lines := bufio.NewScanner(list); lines.Scan(); {
		if err := judge(strings.Split(lines.Text(), "\t")); err != nil {
			fmt.Println("refused", strings.ReplaceAll(err.Error(), "\n", " "))
		} else {
			fmt.Println("ok")
		}
	}
}

func judge(task []string) error {
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	root, err := read(task[1])
	if err != nil {
		return err
	}
	roots.AddCert(root)
	issuing, err := read(task[2])
	if err != nil {
		return err
	}
	between.AddCert(issuing)
	leaf, err := read(task[3])
	if err != nil {
		return err
	}
	purpose := x509.ExtKeyUsageServerAuth
	if task[0] == "client" {
		purpose = x509.ExtKeyUsageClientAuth
	}
	_, err = leaf.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, DNSName: task[4], KeyUsages: []x509.ExtKeyUsage{purpose},
	})
	return err
}

func read(path string) (*x509.Certificate, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	return x509.ParseCertificate(block.Bytes)
}
