<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:param name="currency"/>
  <xsl:output method="html" indent="yes"/>
  <xsl:template match="/catalogue">
    <table><xsl:for-each select="part"><xsl:sort select="price" data-type="number" order="descending"/>
      <tr id="{@id}"><td><xsl:value-of select="name"/></td>
        <td><xsl:value-of select="format-number(price, '#,##0.00')"/>&#160;<xsl:value-of select="$currency"/></td></tr>
    </xsl:for-each></table>
  </xsl:template>
</xsl:stylesheet>
