#pragma once
// A certification authority of its own for one test, made with the openssl command: roots, holders of every kind, revocation.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/temporary_folder.h"

namespace carepost::test {

class TestCa {
public:
    explicit TestCa(const std::string& name = "root") : name_(name) {
        write("ca.cnf",
              "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\ndefault_md=sha384\n"
              "policy=p\nunique_subject=no\ndefault_crl_days=30\ncopy_extensions=none\n[p]\ncommonName=optional\n"
              "serialNumber=optional\norganizationalUnitName=optional\ngivenName=optional\nsurname=optional\n"
              "[root]\nbasicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\n"
              "subjectKeyIdentifier=hash\n"
              "[holder]\nbasicConstraints=CA:false\nkeyUsage=critical,digitalSignature\n"
              "[encrypter]\nbasicConstraints=CA:false\nkeyUsage=critical,keyEncipherment\n"
              "[req]\ndistinguished_name=n\nprompt=no\n[n]\n");
        write("index.txt", "");
        write("serial", "1000\n");
        works_ = run("openssl ecparam -name secp384r1 -genkey -noout -out ca.key") &&
                 run("openssl req -new -x509 -config ca.cnf -extensions root -key ca.key -sha384 -days 20000 "
                     "-subj '/CN=Test " +
                     name_ + "' -set_serial 1 -out ca.pem");
    }
    bool works() const { return works_; }
    std::filesystem::path anchors() const { return folder_ / "ca.pem"; }
    std::filesystem::path operator/(const std::string& file) const { return folder_ / file; }

    // NAME.key and NAME.pem (the holder's certificate, then the authority's). `key` is what genpkey takes.
    bool holder(const std::string& name, const std::string& subject, const std::string& key = kP384,
                const std::string& more = "-days 10000 -extensions holder") {
        return run("openssl genpkey " + key + " -out " + name + ".key") && run("chmod 600 " + name + ".key") &&
               run("openssl req -new -config ca.cnf -key " + name + ".key -subj '" + subject + "' -out " + name +
                   ".csr") &&
               run("openssl ca -batch -notext -config ca.cnf -keyfile ca.key -cert ca.pem -in " + name + ".csr -out " +
                   name + ".crt " + more) &&
               run("cat " + name + ".crt ca.pem > " + name + ".pem");
    }
    // Below a holder who pretends to be an authority.
    bool below(const std::string& pretender, const std::string& name, const std::string& subject) {
        return run("openssl genpkey " + std::string(kP384) + " -out " + name + ".key && chmod 600 " + name + ".key") &&
               run("openssl req -new -config ca.cnf -key " + name + ".key -subj '" + subject + "' -out " + name +
                   ".csr") &&
               run("openssl x509 -req -in " + name + ".csr -CA " + pretender + ".crt -CAkey " + pretender +
                   ".key -set_serial 77 -days 10000 -extfile ca.cnf -extensions holder -out " + name + ".crt") &&
               run("cat " + name + ".crt " + pretender + ".pem > " + name + ".pem");
    }
    bool revoke(const std::string& name) {
        return run("openssl ca -config ca.cnf -keyfile ca.key -cert ca.pem -revoke " + name + ".crt");
    }
    bool make_crl() {
        return run("openssl ca -config ca.cnf -keyfile ca.key -cert ca.pem -gencrl -crldays 10000 -out crl.pem");
    }

    static constexpr const char* kP384 = "-algorithm EC -pkeyopt ec_paramgen_curve:P-384";
    static constexpr const char* kP256 = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";
    static constexpr const char* kRsa = "-algorithm RSA -pkeyopt rsa_keygen_bits:2048";
    static constexpr const char* kWeakRsa = "-algorithm RSA -pkeyopt rsa_keygen_bits:1024";

private:
    bool run(const std::string& command) const {
        return std::system(("cd " + folder_.path().string() + " && (" + command + ") >>log 2>&1").c_str()) == 0;
    }
    void write(const std::string& file, const std::string& text) const { std::ofstream(folder_ / file) << text; }

    TemporaryFolder folder_;
    std::string name_;
    bool works_ = false;
};

}  // namespace carepost::test
