# cmake -DOUTPUT=file.cpp -DINPUT=english.txt -P embed_words.cmake: the word list as C++.
file(STRINGS "${INPUT}" words)
list(LENGTH words count)
if(NOT count EQUAL 2048)
    message(FATAL_ERROR "${INPUT} has ${count} words instead of 2048")
endif()
string(JOIN "\",\n    \"" joined ${words})
file(WRITE "${OUTPUT}" "#include \"client-lib/seal/words/word_list.h\"

namespace carepost::seal {

const std::array<std::string_view, kWords> kWordList{
    \"${joined}\",
};

}  // namespace carepost::seal
")
