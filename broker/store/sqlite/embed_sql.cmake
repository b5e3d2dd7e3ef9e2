# cmake -DOUTPUT=file.cpp -DINPUTS=a.sql;b.sql -P embed_sql.cmake: the schema steps as C++ string literals, in order.
set(text "#include \"broker/store/sqlite/migrations.h\"\n\nnamespace carepost::store {\n\n")
string(APPEND text "std::span<const char* const> schema_steps() {\n    static constexpr const char* kSteps[] = {\n")
foreach(input IN LISTS INPUTS)
    file(READ "${input}" sql)
    string(APPEND text "R\"sql(${sql})sql\",\n")
endforeach()
string(APPEND text "    };\n    return kSteps;\n}\n\n}  // namespace carepost::store\n")
file(WRITE "${OUTPUT}" "${text}")
