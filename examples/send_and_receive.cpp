// CarePost from C++: sends a file to an address, then collects what has come in.
//
//     send_and_receive ADDRESS FILE FOLDER
//
// The identity is the one in CAREPOST_HOME, or in the XDG directories. Built against the installed package:
//
//     c++ -std=c++17 send_and_receive.cpp $(pkg-config --cflags --libs carepost)
#include <carepost/carepost.hpp>
#include <cstdlib>
#include <iostream>

namespace {

void send(carepost::Client& client, const std::string& address, const std::string& file) {
    carepost::Draft draft;
    draft.to = {address};
    draft.subject = "Lab result";
    draft.type = "lab-result";
    draft.body = carepost::Content::file(file);
    const carepost::Sent sent = client.send(draft).value();
    std::cout << "sent " << sent.id << " to " << sent.recipients << " mailbox, " << sent.size << " bytes\n";
}

void receive(carepost::Client& client, const std::string& folder) {
    const carepost::MessagePage page = client.list(CAREPOST_FOLDER_INBOX).value();
    for (const carepost::Message& message : page.messages) {
        if (message.received() || message.problem()) continue;
        std::cout << "from " << message.sender() << ": " << message.subject() << '\n';
        for (const std::string& path : client.get(message, folder).value())
            std::cout << "  " << path << '\n';
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::cerr << "usage: send_and_receive ADDRESS FILE FOLDER\n";
        return 64;
    }
    carepost::Options options;
    if (const char* home = std::getenv("CAREPOST_HOME")) options.home = home;
    try {
        carepost::Client client = carepost::Client::open(options).value();
        send(client, argv[1], argv[2]);
        receive(client, argv[3]);
    } catch (const carepost::Failure& failure) {
        std::cerr << failure.what() << "\nhint: " << failure.error().hint << '\n';
        return 1;
    }
}
