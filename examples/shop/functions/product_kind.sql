-- What a stock code stands for. Most are articles; the till also books other things under codes.
create function product_kind(code) as
  case
    when code in ('POST', 'DOT', 'C2', 'C3') then 'delivery'
    when code in ('AMAZONFEE', 'BANK CHARGES', 'CRUK') then 'fee'
    when code in ('M', 'D', 'S', 'B', 'ADJUST', 'ADJUST2') then 'adjustment'
    when starts_with(code, 'GIFT') then 'voucher'
    when starts_with(code, 'TEST') then 'test'
    else 'article'
  end
