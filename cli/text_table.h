// Rows of text in aligned columns. One thread.
#ifndef LB_CLI_TEXT_TABLE_H_
#define LB_CLI_TEXT_TABLE_H_

#include <ostream>
#include <string>
#include <vector>

namespace lb::cli {

class TextTable {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };

  explicit TextTable(std::vector<Column> columns);

  // Requires one cell per column. An empty cell is shown as "-".
  void AddRow(std::vector<std::string> cells);

  // Titles, then rows; columns two spaces apart, nothing behind the last one.
  void Print(std::ostream& out) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// "Name:  value" lines, the values aligned.
using Fields = std::vector<std::pair<std::string, std::string>>;
void PrintFields(std::ostream& out, const Fields& fields);

}  // namespace lb::cli

#endif  // LB_CLI_TEXT_TABLE_H_
