#!/bin/bash
# Makes a certificate authority with certificates for trying and testing TLS. Not for the internet:
# every key lies unprotected in one directory.
#   make-test-ca.sh DIRECTORY [HOST...]         everything below, for localhost and these hosts
#   make-test-ca.sh DIRECTORY client NAME       one more client certificate: NAME.pem, NAME.key
#   make-test-ca.sh DIRECTORY revoke NAME       puts it on the list of revoked ones
# ca.pem         what clients must trust (and listeners, in tls.ca, for client certificates)
# server.pem     tls.certificate, with server.key: ECDSA P-256
# server-rsa.pem the same with RSA-2048, with server-rsa.key
# client.pem     a client's certificate, with client.key
# crl.pem        tls.crl: nothing is revoked yet
set -euo pipefail
umask 077
directory="${1:?a directory}"
shift
mkdir -p "$directory"
cd "$directory"

ca() { openssl ca -config ca.cnf -batch -notext "$@" 2>openssl.log || { cat openssl.log >&2; exit 1; }; }
renew_list() { ca -gencrl -out crl.pem; }

issue() {  # name, subject, extensions, how to make the key...
  local name="$1" subject="$2" extensions="$3"
  shift 3
  openssl genpkey "$@" -out "$name.key" 2>/dev/null
  openssl req -new -key "$name.key" -subj "$subject" -out "$name.csr" -config ca.cnf -utf8
  ca -in "$name.csr" -out "$name.pem" -extensions "$extensions"
  rm "$name.csr"
}
ecdsa=(-algorithm EC -pkeyopt ec_paramgen_curve:P-256)
rsa=(-algorithm RSA -pkeyopt rsa_keygen_bits:2048)

case "${1:-}" in
  client) issue "${2:?a name}" "/O=Godwit test/CN=$2" client "${ecdsa[@]}"; exit ;;
  revoke) ca -revoke "${2:?a name}.pem"; renew_list; exit ;;
esac

hosts="DNS:localhost,IP:127.0.0.1,IP:::1"
for host in "$@"; do hosts+=",DNS:$host"; done
mkdir -p issued
: >index
echo 1000 >serial
echo 1000 >crlnumber
cat >ca.cnf <<CNF
[ca]
default_ca = test
[test]
dir = .
database = index
new_certs_dir = issued
serial = serial
crlnumber = crlnumber
certificate = ca.pem
private_key = ca.key
default_md = sha256
default_days = 825
default_crl_days = 825
policy = any
unique_subject = no
email_in_dn = no
[any]
organizationName = optional
organizationalUnitName = optional
commonName = optional
[req]
distinguished_name = subject
[subject]
[authority]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:false
keyUsage = digitalSignature,keyEncipherment
extendedKeyUsage = serverAuth
subjectAltName = $hosts
[client]
basicConstraints = CA:false
keyUsage = digitalSignature
extendedKeyUsage = clientAuth
CNF
openssl genpkey "${ecdsa[@]}" -out ca.key 2>/dev/null
openssl req -x509 -new -key ca.key -subj "/O=Godwit test/CN=Test authority" -days 825 \
  -config ca.cnf -extensions authority -out ca.pem
issue server "/O=Godwit test/CN=localhost" server "${ecdsa[@]}"
issue server-rsa "/O=Godwit test/CN=localhost" server "${rsa[@]}"
issue client "/O=Godwit test/CN=client" client "${ecdsa[@]}"
renew_list
