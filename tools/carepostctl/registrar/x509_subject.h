#pragma once
// The numbers in the subject of a Belgian certificate, from its attributes as text. No OpenSSL here.

#include "tools/carepostctl/registrar/x509.h"

namespace carepost::ctl {

struct SubjectPart {
    enum class Kind : std::uint8_t { serial_number, common_name, organizational_unit, given_name, surname } kind{};
    std::string text;
};

// eID: serialNumber is the national number, 11 digits. eHealth: CN and OU hold "SSIN=85073003328", "CBE=0403019261", "NIHII=...",
// "NIHII-HOSPITAL=71032209", "EHP=...", where the CN may go on with ", APPLICATION"; serialNumber is not read then. Errors: certificate_invalid when
// no number is there, one has wrong check digits, or two of one type differ.
Result<std::vector<HolderNumber>> numbers_of(const std::vector<SubjectPart>& subject);

// How the certificate calls its holder: given name and surname (eID), else the OU that holds no number (eHealth). Empty: not at all.
std::string name_of(const std::vector<SubjectPart>& subject);

}  // namespace carepost::ctl
